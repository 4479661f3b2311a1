from threading import Event, Thread

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.preparation import Preparation


def test_requests_wait_for_the_patches(request_to, answer):
    go_on, answers = Event(), []
    preparation = Preparation(lambda: go_on.wait(5) and None)
    handler = preparation.hold(lambda _: answer(body=b"patched"))
    threads = [Thread(target=preparation.run), Thread(target=lambda: answers.append(handler(request_to()).body))]
    for thread in threads:
        thread.start()
    threads[1].join(0.1)
    assert answers == []
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert answers == [b"patched"]


def test_a_patch_that_does_not_fit_is_told_to_every_request(request_to, answer):
    def misfit():
        raise LocalCloudError("A patch does not fit", detail="moto has no x.", hint="Install 5.2.")

    preparation = Preparation(misfit)
    preparation.run()
    response = preparation.hold(lambda _: answer())(request_to(body=b"Action=CreateVpc"))
    assert response.code == 501
    assert b"A patch does not fit. moto has no x. Install 5.2." in response.body
